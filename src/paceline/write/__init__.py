"""The story of a market's day, written from its figures: see docs/write.md.

story = write(market, style="wire", length="medium", seed=0)
plain.text(story), plain.markdown(story, notes=True)

``desk`` gathers figures, ``returns`` and ``standing`` make facts of them, ``phrases`` is the
grammar, ``story`` puts facts into words. No model is asked; the same seed gives the same story.
"""

from paceline.write.phrases import STYLES
from paceline.write.story import LENGTHS, Paragraph, Story, Told, write

__all__ = ["LENGTHS", "STYLES", "Paragraph", "Story", "Told", "write"]
