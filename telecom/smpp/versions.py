"""The versions of the interface, SMPP 3.4 5.2.4 and 5.0 4.7.13."""

from enum import IntEnum


class InterfaceVersion(IntEnum):
    """The versions that differ for us, by the value of interface_version."""

    V33 = 0x33
    V34 = 0x34
    V50 = 0x50

    @classmethod
    def of(cls, octet: int) -> "InterfaceVersion":
        """Return the nearest version at or below one that a peer has told.

        All below 0x34 are 3.3: SMPP 3.4 5.2.4 has 0x00 to 0x33 mean "3.3 or earlier".
        """
        return max((version for version in cls if version <= octet), default=cls.V33)
