"""submit_multi: one message to several destinations, each stored, charged and limited on its own.

SMPP 3.4 4.5. One message_id is answered; it is in the receipts of all of them, whose source
address tells which is which.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.config import DistributionListTable
from telecom.gateway.outage import until_recorded
from telecom.gateway.submission.message_ids import read, written
from telecom.gateway.submission.submission import Submissions, Submitter
from telecom.smpp.pdus import (
    DistributionList,
    MessageResp,
    Pdu,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    UnsuccessSme,
)
from telecom.smpp.status import CommandStatus
from telecom.sms.address import TypeOfNumber
from telecom.store.keys import Partitions
from telecom.store.micro_batch import MicroBatch
from telecom.store.node import MessageIds
from telecom.store.pending import PendingMessages

_MOST_ADDRESSES: Final = 254
"""The number_of_dests, SMPP 3.4 4.5.1."""
_MOST_DESTINATIONS: Final = 1000
"""How many destinations the lists and addresses of one submit_multi may come to."""
_MOST_TOLD: Final = 255
"""What no_unsuccess can count, SMPP 3.4 4.5.2."""
_BATCH: Final = 256

_COPIED: Final = tuple(set(SubmitSm.__struct_fields__) & set(SubmitMulti.__struct_fields__))

_log = structlog.get_logger("telecom.gateway.submission.submit_multi")


class _Group:
    """A submit_multi whose destinations are being submitted."""

    def __init__(self, submitter: Submitter, request: SubmitMulti, name: str) -> None:
        self.submitter = submitter
        self.request = request
        self.name = name
        self.unanswered = 0
        self.stored: list[str] = []
        self.failed: list[UnsuccessSme] = []


class _Destination:
    """One of a group's destinations, in the place of a session."""

    def __init__(self, owner: "MultipleSubmissions", group: _Group, address: SmeAddress) -> None:
        self._owner = owner
        self._group = group
        self._address = address

    @property
    def system_id(self) -> str:
        return self._group.submitter.system_id

    def respond(self, _request: Pdu, response: Pdu) -> None:
        if response.command_status or not isinstance(response, MessageResp):
            self.reject(_request, response.command_status)
            return
        self._group.stored.append(response.message_id.decode())
        self._owner.answered(self._group)

    def reject(self, _request: Pdu, command_status: int) -> None:
        address = self._address
        self._group.failed.append(
            UnsuccessSme(
                address.dest_addr_ton,
                address.dest_addr_npi,
                address.destination_addr,
                command_status,
            )
        )
        self._owner.answered(self._group)


class MultipleSubmissions:
    """Takes submit_multi apart, and answers once every destination has been."""

    def __init__(
        self,
        submissions: Submissions,
        accounts: Accounts,
        lists: Mapping[str, DistributionListTable],
        *,
        pending: PendingMessages,
        partitions: Partitions,
        ids: MessageIds,
        memory: float,
    ) -> None:
        self._submissions = submissions
        self._accounts = accounts
        self._lists = lists
        self._pending = pending
        self._partitions = partitions
        self._ids = ids
        self._memory = memory
        self._ended = MicroBatch(self._end, _BATCH, failed=self._cannot_fail)

    def take(self, submitter: Submitter, request: SubmitMulti) -> None:
        """Submit to each destination; all are answered together."""
        if not 1 <= len(request.dest_addresses) <= _MOST_ADDRESSES:
            submitter.reject(request, CommandStatus.ESME_RINVNUMDESTS)
            return
        first = request.dest_addresses[0]
        octets = first.destination_addr if isinstance(first, SmeAddress) else first.dl_name
        group = _Group(submitter, request, self._ids.next(self._partitions.of(repr(octets))))
        addresses = self._addresses(group)
        group.unanswered = len(addresses) + 1
        for address in addresses:
            destination = _Destination(self, group, address)
            part = _submit_sm(request, address)
            self._submissions.take(destination, part, named=group.name)
        self.answered(group)

    def answered(self, group: _Group) -> None:
        """Take note that one more of a group is settled."""
        group.unanswered -= 1
        if not group.unanswered:
            self._ended.add(group)

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await self._submissions.drain()
        await self._ended.drain()

    def _addresses(self, group: _Group) -> list[SmeAddress]:
        """Return the destinations, each once; what names none is a failure of the group."""
        found: dict[tuple[int, bytes], SmeAddress] = {}
        for destination in group.request.dest_addresses:
            if isinstance(destination, SmeAddress):
                found.setdefault(_number(destination), destination)
                continue
            members, status = self._members(group.submitter.system_id, destination)
            if status is CommandStatus.ESME_ROK and len(found) + len(members) > _MOST_DESTINATIONS:
                status = CommandStatus.ESME_RCNTSUBDL
            if status is not CommandStatus.ESME_ROK:
                group.failed.append(UnsuccessSme(0, 0, destination.dl_name, status))
                continue
            found = {_number(member): member for member in members} | found
        return list(found.values())

    def _members(
        self, system_id: str, named: DistributionList
    ) -> tuple[list[SmeAddress], CommandStatus]:
        table = self._lists.get(named.dl_name.decode("latin-1"))
        if table is None or table.account not in (None, system_id):
            return [], CommandStatus.ESME_RINVDLNAME
        members = [SmeAddress(TypeOfNumber.INTERNATIONAL, 1, it.encode()) for it in table.members]
        return members, CommandStatus.ESME_ROK

    async def _end(self, groups: list[_Group]) -> None:
        for group in groups:
            forms = self._accounts.sender(group.submitter.system_id).ids
            told_id = written(group.name, forms.response).encode()
            if group.stored:
                ids = [own for told in group.stored for own in read(told.encode(), forms)[:1]]
                await until_recorded(partial(self._name, group.name, ids))
            group.submitter.respond(group.request, _response(group, told_id))

    async def _name(self, name: str, ids: list[str]) -> None:
        await self._pending.name_together(name, ids, seconds=self._memory)

    def _cannot_fail(self, groups: list[_Group], error: Exception) -> None:
        """Report a fault of our own: Redis errors are waited out, and nothing else is expected."""
        _log.error("submit_multi_not_answered", count=len(groups), exc_info=error)


def _number(address: SmeAddress) -> tuple[int, bytes]:
    """Return what is the same however an international number is written."""
    ton = address.dest_addr_ton or TypeOfNumber.INTERNATIONAL
    return ton, address.destination_addr.removeprefix(b"+")


def _submit_sm(request: SubmitMulti, address: SmeAddress) -> SubmitSm:
    """Return the submit_sm that one destination of a submit_multi comes to."""
    return SubmitSm(
        **{name: getattr(request, name) for name in _COPIED},
        dest_addr_ton=address.dest_addr_ton,
        dest_addr_npi=address.dest_addr_npi,
        destination_addr=address.destination_addr,
    )


def _response(group: _Group, told_id: bytes) -> SubmitMultiResp:
    """Return the response, SMPP 3.4 4.5.2; what is wrong with all of them is its status as well."""
    failed = tuple(group.failed[:_MOST_TOLD])
    if group.stored:
        return SubmitMultiResp(message_id=told_id, unsuccess_smes=failed)
    statuses = {each.error_status_code for each in group.failed}
    status = statuses.pop() if len(statuses) == 1 else CommandStatus.ESME_RSUBMITFAIL
    return SubmitMultiResp(command_status=status, unsuccess_smes=failed)
