"""The tools of every package: errors, files, params, command lines, words and times."""
