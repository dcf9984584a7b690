"""Deploys the stack to AWS, and checks what stands there."""
