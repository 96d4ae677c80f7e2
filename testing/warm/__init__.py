"""Commands without the seconds that their libraries take to load: each runs in a fork of a process that has them.

A full run of the pipeline starts some thirty processes, and a suite runs many, and more than a hundred services. The
code of the project itself is never loaded before: each fork imports that of the clone it runs in. What is timed,
limited or counted by process runs cold, by `COLD=1`, and so does a service with workers of its own.
"""
