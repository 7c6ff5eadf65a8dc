"""States of a MAP dialogue, 3GPP TS 29.002 15.2 to 15.6 (process MAP_DSM), as a table.

What the table does not have is a fault: of our user where the input is a request.
"""

from enum import Enum
from typing import Final


class State(Enum):
    """Of a dialogue; one that is idle is not kept."""

    IDLE = "idle"
    INITIATED = "initiated by us and not answered yet"
    PENDING = "begun by the peer and not answered yet"
    ESTABLISHED = "established"


class Input(Enum):
    """What happens to a dialogue: requests of our user, indications of TCAP."""

    OPEN_REQUEST = "MAP-OPEN request"
    INVOKE_REQUEST = "MAP service request"
    RESPONSE_REQUEST = "MAP service response"
    DELIMITER_REQUEST = "MAP-DELIMITER request"
    CLOSE_REQUEST = "MAP-CLOSE request"
    REFUSE_REQUEST = "MAP-OPEN response, refused"
    ABORT_REQUEST = "MAP-U-ABORT request"
    BEGIN = "TC-BEGIN indication"
    CONTINUE = "TC-CONTINUE indication"
    END = "TC-END indication"
    ABORT = "TC-U-ABORT or TC-P-ABORT indication"
    NOTICE = "TC-NOTICE indication"


TRANSITIONS: Final = {
    (State.IDLE, Input.OPEN_REQUEST): State.INITIATED,
    (State.IDLE, Input.BEGIN): State.PENDING,
    (State.INITIATED, Input.CLOSE_REQUEST): State.IDLE,
    (State.INITIATED, Input.ABORT_REQUEST): State.IDLE,
    (State.INITIATED, Input.CONTINUE): State.ESTABLISHED,
    (State.INITIATED, Input.END): State.IDLE,
    (State.INITIATED, Input.ABORT): State.IDLE,
    (State.INITIATED, Input.NOTICE): State.IDLE,
    (State.PENDING, Input.INVOKE_REQUEST): State.PENDING,
    (State.PENDING, Input.RESPONSE_REQUEST): State.PENDING,
    (State.PENDING, Input.DELIMITER_REQUEST): State.ESTABLISHED,
    (State.PENDING, Input.CLOSE_REQUEST): State.IDLE,
    (State.PENDING, Input.REFUSE_REQUEST): State.IDLE,
    (State.PENDING, Input.ABORT_REQUEST): State.IDLE,
    (State.PENDING, Input.ABORT): State.IDLE,
    (State.ESTABLISHED, Input.INVOKE_REQUEST): State.ESTABLISHED,
    (State.ESTABLISHED, Input.RESPONSE_REQUEST): State.ESTABLISHED,
    (State.ESTABLISHED, Input.DELIMITER_REQUEST): State.ESTABLISHED,
    (State.ESTABLISHED, Input.CLOSE_REQUEST): State.IDLE,
    (State.ESTABLISHED, Input.ABORT_REQUEST): State.IDLE,
    (State.ESTABLISHED, Input.CONTINUE): State.ESTABLISHED,
    (State.ESTABLISHED, Input.END): State.IDLE,
    (State.ESTABLISHED, Input.ABORT): State.IDLE,
    (State.ESTABLISHED, Input.NOTICE): State.ESTABLISHED,
}
