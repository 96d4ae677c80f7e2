"""What makes the log believable: each row carries the hash of its content and of its writer's row before."""
