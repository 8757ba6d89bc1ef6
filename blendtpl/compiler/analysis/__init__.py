"""What is known of templates before any code is made of them."""
