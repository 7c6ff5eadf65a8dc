"""Faults hit the share they are set for, the same dialogues every time; timers keep their order."""

from hlr_sim.faults import Fault, Faults, Target
from telecom.runtime.timers import Timers

SRI, MT = Target.SEND_ROUTING_INFO_FOR_SM, Target.MT_FORWARD_SM


def test_a_share_of_the_target_is_hit_and_the_same_one_again():
    rows = [Fault(target=SRI, share=0.25, silent=True)]
    faults = Faults(rows, seed=3)
    hits = [faults.draw(SRI) is not None for _ in range(2000)]
    assert 0.2 < sum(hits) / len(hits) < 0.3
    faults.replace(rows, seed=3)
    assert [faults.draw(SRI) is not None for _ in range(2000)] == hits
    assert not any(faults.draw(MT) for _ in range(100))


def test_the_first_row_that_hits_counts():
    faults = Faults([Fault(target=MT, error=34), Fault(delay=1.0)])
    assert faults.draw(MT) == Fault(target=MT, error=34)
    assert faults.draw(SRI) == Fault(delay=1.0)


def test_none_set_hits_none():
    assert Faults().draw(SRI) is None


def test_timers_run_in_order_and_only_when_due():
    timers, ran = Timers(), []
    timers.at(2.0, lambda now: ran.append(("second", now)))
    timers.at(
        1.0,
        lambda now: (
            ran.append(("first", now)),
            timers.at(1.5, lambda n: ran.append(("added", n))),
        )[0],
    )
    assert timers.next_at() == 1.0
    timers.run(0.5)
    assert ran == []
    timers.run(1.8)
    assert ran == [("first", 1.8), ("added", 1.8)]
    assert (timers.next_at(), len(timers)) == (2.0, 1)
    timers.run(2.0)
    assert timers.next_at() is None
