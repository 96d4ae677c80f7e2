"""For the person on call: the situation of an environment, the way back, and the decisions that a version made."""
