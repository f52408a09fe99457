"""A suite in the shapes of a real one: most of its tests would configure the lab, the rest only reads."""
