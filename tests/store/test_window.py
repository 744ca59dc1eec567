"""When history is let go."""

from eachpod.store.window import KEEP_SECONDS, Window


def test_a_revision_is_let_go_when_it_is_old_enough() -> None:
    window = Window()
    let_go = [(now, window.tick(now, revision)) for revision, now in enumerate(range(0, 900, 30), start=1)]
    for now, revision in let_go:
        if revision:
            made_at = (revision - 1) * 30
            assert KEEP_SECONDS <= now - made_at < 2 * KEEP_SECONDS
    assert any(revision for _, revision in let_go)


def test_an_idle_store_lets_go_too() -> None:
    window = Window()
    window.tick(0, 7)
    assert window.tick(KEEP_SECONDS + 1, 7) == 7
