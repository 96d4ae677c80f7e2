"""Inside a factor that moved a figure: the parameter, the column, the commit."""
