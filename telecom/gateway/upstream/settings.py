"""An upstream SMSC as the configuration file has it: every key, its unit, its default."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telecom.gateway.access.account import Rate, Version, WithPassword
from telecom.runtime.config import Port, Seconds, SystemId, Table


class UpstreamTls(Table):
    """How the connection is secured.

    The files are in PEM, their paths start at the configuration's folder.
    """

    ca: Path | None = Field(
        default=None, description="who signs the upstream's certificate; else the system's CAs"
    )
    check_name: bool = Field(default=True, description="its certificate has to be for `host`")
    certificate: Path | None = Field(default=None, description="what we show")
    key: Path | None = Field(default=None, description="the certificate's; else in the same file")

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> Self:
        if self.key is not None and self.certificate is None:
            raise ValueError("key: of a certificate, and there is none")
        return self


class Upstream(WithPassword):
    """Another SMSC: where it is, how we bind to it, how fast and with what care it is sent to."""

    name: Annotated[str, Field(pattern="^[A-Za-z0-9_.-]{1,32}$")]
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[Port, Field(gt=0)] = 2775
    system_id: SystemId
    system_type: Annotated[str, Field(pattern="^[ -~]{0,12}$")] = ""
    address_range: Annotated[str, Field(pattern="^[ -~]{0,40}$")] = ""
    version: Version = Version.V34
    tls: UpstreamTls | None = None
    bind_type: Literal["transceiver", "separate"] = Field(
        default="transceiver", description="separate: a transmitter and a receiver"
    )
    binds: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="how many of each, from every node"
    )
    window: Annotated[int, Field(ge=1, le=5000)] = Field(
        default=50, description="requests on a bind that may await their responses"
    )
    rate: Rate = Field(default=100, description="submits a second, of all nodes together")
    response_timer: Seconds = Field(default=30, description="how long a response may take")
    enquire_link_timer: Seconds = Field(
        default=30, description="silence after which we ask whether it is there"
    )
    retry_unanswered: bool = Field(
        default=True,
        description="send again what got no response: it may arrive twice. Else it ends as"
        " UNKNOWN; but what a node had under way when it died is sent again all the same",
    )
    receipt_grace: Seconds = Field(
        default=600, description="how long after a message's validity its receipt is waited for"
    )
    without_receipt: Literal["UNKNOWN", "EXPIRED"] = Field(
        default="UNKNOWN", description="how a message ends whose receipt never came"
    )

    @model_validator(mode="after")
    def _bound_as_the_version_can(self) -> Self:
        if self.version is Version.V33 and self.bind_type == "transceiver":
            raise ValueError('bind_type: "separate", as SMPP 3.3 has no transceiver')
        return self
