"""The GT gate: the one place that lets an MT dialogue leave, atomic in Redis.

A record stands for one sendRoutingInfoForSM. It is made when that leaves, bound to the IMSI and
node of the answer, and used up by the first MT dialogue that names it, whatever the verdict.
"""

import secrets
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from msgspec.structs import replace

from telecom.router.gt_rule import Verdict
from telecom.store.keys import Partitions, Share, in_order
from telecom.store.lua import Call, Client, Script, octets
from telecom.store.records import ENCODE, FsmRequest, SriAnswered, SriSent

_SRI_SENT: Final = Script("sri_sent")
_SRI_ANSWERED: Final = Script("sri_answered", includes=["gt_record"])
_AUTHORISE: Final = Script("authorise", includes=["gt_record"])
_VERDICTS: Final = {verdict.value.encode(): verdict for verdict in Verdict}
_MSISDN: Final = attrgetter("msisdn")


class GtGate:
    """The GT gate of all nodes on one Redis; `t1` in seconds is how long an SRI-SM holds.

    Records, answered or not, are gone from Redis after twice `t1`. Every method is one round
    trip for its whole batch and raises `redis.exceptions.RedisError` when Redis fails; then
    nothing may leave.
    """

    def __init__(self, redis: Client, partitions: Partitions, *, t1: float) -> None:
        self._redis = redis
        self._partitions = partitions
        self._t1 = t1
        self._memory = int(t1 * 2000)

    async def sri_sent(self, requests: Sequence[SriSent]) -> None:
        """Record requests before they leave; one already recorded stays as it was."""
        shares = self._partitions.share(requests, _MSISDN)
        calls = [
            Call(_records(share), (self._memory, [octets(ENCODE(sri)) for sri in share.items]))
            for share in shares
        ]
        await _SRI_SENT.run(self._redis, calls)

    async def sri_answered(self, answers: Sequence[SriAnswered]) -> list[bool]:
        """Bind records to what was answered; a record's first answer holds.

        False for an answer that authorises nothing: its record is gone, used up, of another
        number, or bound to another IMSI or node.
        """
        shares = self._partitions.share(answers, _MSISDN)
        calls = [
            Call(_records(share), [octets(ENCODE(answer)) for answer in share.items])
            for share in shares
        ]
        bound = in_order(shares, await _SRI_ANSWERED.run(self._redis, calls))
        return [flag == 1 for flag in bound]

    async def authorise(self, requests: Sequence[FsmRequest]) -> list[Verdict]:
        """Judge MT dialogues about to begin; nothing but `Verdict.MATCH` may leave the node.

        Each uses up the record that it names. On a match its billable events are recorded;
        whatever the verdict, both sides go into evidence. When the reply of Redis gets lost and
        the client asks again, the same verdict comes; a second call of this method never gets
        a second match.
        """
        shares = self._partitions.share(requests, _MSISDN)
        calls = [self._authorise_call(share) for share in shares]
        verdicts = in_order(shares, await _AUTHORISE.run(self._redis, calls))
        return [_VERDICTS[verdict] for verdict in verdicts]

    def _authorise_call(self, share: Share[FsmRequest]) -> Call:
        call = secrets.token_hex(8)
        # its place too: the same record named twice in one call is two dialogues
        dialogues = [
            (
                f"{call}:{place}",
                octets(ENCODE(replace(fsm, events=()))),
                [octets(event) for event in fsm.events],
            )
            for place, fsm in zip(share.places, share.items, strict=True)
        ]
        keys = [share.keys.events, share.keys.evidence, *_records(share)]
        return Call(keys, (self._t1, self._memory, dialogues))


def _records(share: Share[Any]) -> list[str]:
    return [share.keys.authorisation(item.authorisation) for item in share.items]
