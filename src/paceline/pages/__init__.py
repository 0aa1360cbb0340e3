"""PLUG-IN: one file = one section of the report. A page arranges figures and computes nothing."""
