"""Views on the future, weighed against the past: one file or folder per kind of view.

    calls    what people said would happen, kept on file and scored
    target   a level by a date: what it asks for and how likely that is

    episodes   a rotation from all sides: its line, states, false alarms, ranks
    verdict    is leadership changing, is a sector digesting: the grades
    analogues  the days most like today, and what came next

Pure functions over arrays; ``run`` turns their answers into figures.
"""
