import pytest
from redis.crc import key_slot

from telecom.store.keys import Keys, Partitions, in_order


def test_all_keys_of_a_partition_are_in_one_slot() -> None:
    keys = Keys(0xA3)
    names = [
        keys.messages, keys.mt, keys.deferred, keys.waiting, keys.events, keys.evidence,
        keys.outbox_ready, keys.outbox_dropped, keys.outbox("a{b}c"), keys.outbox_put("}{"),
        keys.accepted("0000002a"), keys.authorisation("{x}"), keys.upstream("{x}"),
        keys.upstream_held, keys.upstream_held_at,
    ]  # fmt: skip
    assert {key_slot(name.encode()) for name in names} == {key_slot(b"{pa3}")}
    assert len(set(names)) == len(names)


def test_numbers_spread_evenly_and_always_the_same_way() -> None:
    partitions = Partitions(16)
    counts = [0] * 16
    for number in range(16_000):
        counts[partitions.of(f"4477009{number:05}")] += 1
    assert min(counts) > 900
    assert max(counts) < 1100
    assert Partitions(16).of("447700900123") == partitions.of("447700900123")


def test_items_are_shared_by_partition_and_their_answers_come_back_in_order() -> None:
    partitions = Partitions(4)
    items = [f"44770090{number:04}" for number in range(50)]
    shares = partitions.share(items, str)
    assert {share.keys.partition for share in shares} == {0, 1, 2, 3}
    for share in shares:
        assert {partitions.of(item) for item in share.items} == {share.keys.partition}
    assert in_order(shares, [[item[::-1] for item in share.items] for share in shares]) == [
        item[::-1] for item in items
    ]


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_count_that_two_hexadecimal_digits_cannot_name_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="partitions"):
        Partitions(count)
