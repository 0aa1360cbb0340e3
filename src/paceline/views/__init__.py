"""Views on the future, weighed against the past: one file or folder per kind of view.

    calls    what people said would happen, kept on file and scored
    target   a level by a date: what it asks for and how likely that is

Pure functions over arrays; ``run`` turns their answers into figures.
"""
