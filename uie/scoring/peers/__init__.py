"""Rules as other projects' code defines them, faults included, so that numbers compare with those that were published.

Written anew from what that code does. Each module names its source; what a rule gets wrong stands in its `facts.faults`.
"""
