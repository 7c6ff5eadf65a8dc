from itertools import islice

from telecom.net.back_off import BackOff


def test_delays_double_up_to_the_longest_and_differ_between_peers() -> None:
    back_off = BackOff(first=1.0, longest=5.0)
    assert list(islice(back_off.delays(lambda: 1.0), 5)) == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert list(islice(back_off.delays(lambda: 0.0), 5)) == [0.5, 1.0, 2.0, 2.5, 2.5]
