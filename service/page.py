"""The page at /: what is live since when and why, whether the rule decides, and what was decided lately."""

from fastapi import APIRouter

ROUTER = APIRouter()
