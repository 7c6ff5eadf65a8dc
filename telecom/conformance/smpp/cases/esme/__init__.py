"""All cases for an ESME under test, family by family, in the order in which they are run."""

from typing import Final

from telecom.conformance.case import Catalogue
from telecom.conformance.smpp.cases.esme import bind, deliver, ending, session, submit

_FAMILIES: Final = (deliver, ending, submit, bind, session)
"""First what one session will do for; each bind that is refused costs the ESME's patience."""

CASES: Final = Catalogue()
for _family in _FAMILIES:
    for _case in _family.CASES:
        CASES.add(_case)
