"""All cases for an SMSC under test, family by family, in the order in which they are run."""

from typing import Final

from telecom.conformance.case import Catalogue
from telecom.conformance.smpp.cases.smsc import (
    bind,
    bind_fields,
    data_sm,
    deliveries,
    framing,
    parameters,
    receipts,
    sessions,
    states,
    stored,
    submit,
    submit_multi,
    submit_resp,
    times,
    unbind,
    version_50,
    window,
)

_FAMILIES: Final = (
    bind,
    bind_fields,
    states,
    unbind,
    framing,
    submit,
    submit_resp,
    times,
    parameters,
    data_sm,
    submit_multi,
    stored,
    receipts,
    deliveries,
    window,
    sessions,
    version_50,
)

CASES: Final = Catalogue()
for _family in _FAMILIES:
    for _case in _family.CASES:
        CASES.add(_case)
