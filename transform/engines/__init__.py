"""What runs a question's statement over records."""
