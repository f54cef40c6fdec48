"""One module per source; each turns a part of the machine into Readings and never raises.

Nothing here judges: whether a reading is bad is `diagnose`'s business.
"""
