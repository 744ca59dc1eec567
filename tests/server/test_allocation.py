"""Which addresses and ports of Services are given out, and when they are free again."""

from eachpod.server.allocation import Pool, static_band


def test_the_lower_band_is_left_to_those_who_choose_while_it_can_be() -> None:
    assert [static_band(size) for size in (8, 16, 256, 65536, 1 << 20)] == [0, 16, 16, 256, 256]
    pool = Pool(20, 16)
    taken = []
    for entropy in range(20):
        number = pool.free(entropy * 7)
        assert number is not None
        pool.take(number)
        taken.append(number)
    assert sorted(taken[:4]) == [16, 17, 18, 19]
    assert sorted(taken) == list(range(20))
    assert pool.free(3) is None
    pool.release(5)
    assert pool.free(3) == 5


def test_what_two_hold_is_free_when_both_let_go() -> None:
    pool = Pool(1, 0)
    pool.take(0)
    pool.take(0)
    pool.release(0)
    assert pool.free(0) is None
    pool.release(0)
    assert pool.free(0) == 0
