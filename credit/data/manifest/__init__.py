"""Raw data beyond DVC's cache: Parquet files stay where they are, and DVC tracks one manifest that names each."""
