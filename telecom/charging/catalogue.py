"""The services that the platform sells, and what of each costs the client money."""

from typing import Final

SMS_MT: Final = "sms-mt"
SMS_MO: Final = "sms-mo"
NUMBER_LOOKUP: Final = "number-lookup"
