"""Where partitions are computed: in this process, in processes beside it, or by the workers of a Dask cluster."""
