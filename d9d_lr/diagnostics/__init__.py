"""What is wrong, as problems with a key, a message and a hint. Imports Pydantic for its errors, and no other room."""
