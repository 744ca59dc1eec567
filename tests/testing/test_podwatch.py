"""The laws of an ordered set, over events made up for the purpose."""

from eachpod.testing.podwatch import PodEvent, events_of, ordered_down, ordered_up


def story(*words: str) -> list[PodEvent]:
    """`+a` a appears, `a` is Ready, `~a` is being deleted, `-a` is gone."""
    made = []
    for word in words:
        sign, name = (word[0], word[1:]) if word[0] in "+~-" else ("", word)
        kind = {"+": "ADDED", "-": "DELETED"}.get(sign, "MODIFIED")
        made.append(PodEvent(kind, name, ready=sign == "", deleting=sign in "~-" and sign != ""))
    return made


def test_one_after_the_other_upwards() -> None:
    assert ordered_up(story("+a", "a", "+b", "b"), ["a", "b"]) == []
    assert ordered_up(story("+a", "+b", "a", "b"), ["a", "b"]) == ["b appeared before a was Ready"]
    assert ordered_up(story("+a", "a"), ["a", "b"]) == ["b did not appear"]


def test_one_after_the_other_downwards() -> None:
    assert ordered_down(story("~b", "-b", "~a", "-a"), ["b", "a"]) == []
    assert ordered_down(story("~b", "~a", "-b", "-a"), ["b", "a"]) == ["a began to go before b was gone"]
    assert ordered_down(story("~b", "-b"), ["b", "a"]) == ["a did not go"]


def test_events_are_read_line_by_line() -> None:
    status = '{"conditions":[{"type":"Ready","status":"True"}]}'
    ready = f'{{"type":"MODIFIED","object":{{"metadata":{{"name":"a"}},"status":{status}}}}}'
    going = '{"type":"MODIFIED","object":{"metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z"}}}'
    assert events_of(f"{ready}\n{going}\n") == [
        PodEvent("MODIFIED", "a", ready=True, deleting=False),
        PodEvent("MODIFIED", "a", ready=False, deleting=True),
    ]
