"""The cluster's heart in one process and in virtual time, with everything that can go wrong going wrong by a seed."""

from .schedule import run as run
from .story import LawBroken as LawBroken
from .story import Story as Story
