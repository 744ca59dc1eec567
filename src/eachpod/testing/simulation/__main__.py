"""`python -m eachpod.testing.simulation FIRST [END [STEP]]` plays seeds, and tells the story of the first that breaks a
law. `--story SEED...` tells the stories of these, whatever happens in them."""

import sys

from .schedule import play
from .story import Story


def _told(story: Story) -> None:
    print("\n".join((f"seed {story.seed}: {story.broken or 'all laws hold'}", *story.lines)))  # noqa: T201


def main(arguments: list[str]) -> int:
    if arguments[0] == "--story":
        for asked in arguments[1:]:
            _told(play(int(asked)))
        return 0
    first, end, step = (*map(int, arguments), *(int(arguments[0]) + 1, 1)[len(arguments) - 1 :])
    for seed in range(first, end, step):
        story = play(seed)
        if story.broken:
            _told(story)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
