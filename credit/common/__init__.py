"""What every part uses: errors, files, params, command lines, words and times."""
