"""Mobile global titles, ITU-T E.214: to route by IMSI, 3GPP TS 29.002 6.1.3."""

from typing import Final

from telecom.numbering.prefixes import PrefixTable

_LONGEST: Final = 15
"""The digits of an E.164 number, which bound those of a mobile global title."""


class MobileGlobalTitles:
    """Derives mobile global titles: MCC and MNC become CC and NDC, the MSIN stays (E.214)."""

    def __init__(self, country_and_destination_codes: dict[str, str]) -> None:
        """Take the E.164 CC and NDC by MCC and MNC."""
        self._codes = PrefixTable(country_and_destination_codes.items())

    def of_imsi(self, imsi: str) -> str | None:
        """Return the digits for an IMSI, or None for an unknown network.

        They are 15 at most: the last ones of the MSIN are left out.
        """
        match = self._codes.match(imsi)
        if match is None:
            return None
        mccmnc, code = match
        return (code + imsi[len(mccmnc) :])[:_LONGEST]
