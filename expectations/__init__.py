"""Three gates: on the records that were landed, on what was counted, on what was loaded."""
