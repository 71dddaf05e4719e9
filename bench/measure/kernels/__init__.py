"""The compiled part of the measurement engine: integer codes in, tables of numbers out.

Positions are sample indices, levels are codes; no kernel copies or widens the record.
"""
