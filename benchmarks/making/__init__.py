"""What makes the input of a measurement, once; not measured."""
