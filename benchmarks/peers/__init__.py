"""Small applications that armful is compared with."""
