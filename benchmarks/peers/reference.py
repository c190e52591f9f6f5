"""The design that armful started from: FastAPI, SQLAlchemy and asyncpg, with database queries in every request.

Every selection reads all variants and draws with NumPy. Every update is its own transaction with one UPDATE. The table, the
fields and the endpoints are those of that design's documentation.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, String, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from armful.settings import Settings

KEY = "reference-key"


class Base(DeclarativeBase):
    pass


class VariantPerformance(Base):
    __tablename__ = "variant_performance"

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    dimensions: Mapped[dict[str, str]] = mapped_column(JSONB)
    impressions: Mapped[int] = mapped_column(default=0, index=True)
    successes: Mapped[int] = mapped_column(default=0)
    last_used: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Performance(BaseModel):
    impressions: int
    successes: int
    success_rate: float

    @classmethod
    def of(cls, impressions: int, successes: int) -> "Performance":
        rate = successes / impressions if impressions else 0.0
        return cls(impressions=impressions, successes=successes, success_rate=rate)


class VariantView(BaseModel):
    variant_id: str
    dimensions: dict[str, str]
    performance: Performance


class NewVariants(BaseModel):
    variants: list[dict[str, Any]]


class SelectRequest(BaseModel):
    top_k: int = Field(ge=1, le=50)
    algorithm: str
    persona_id: str
    min_impressions: int = 100
    exploration_ratio: float = Field(default=0.3, ge=0, le=1)


class SelectAnswer(BaseModel):
    selected_variants: list[VariantView]
    selection_metadata: dict[str, Any]


class Update(BaseModel):
    impression: bool
    success: bool
    batch_size: int = Field(default=1, ge=1)
    metadata: dict[str, Any] | None = None


class UpdateAnswer(BaseModel):
    variant_id: str
    updated_performance: Performance


engine = create_async_engine(os.environ.get("REFERENCE_DATABASE_URL", "postgresql+asyncpg://"))
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as one:
        yield one


async def check_key(authorization: Annotated[str, Header()]) -> None:
    if authorization != f"Bearer {KEY}":
        raise HTTPException(401, "Invalid API key")


Session = Annotated[AsyncSession, Depends(session)]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan, dependencies=[Depends(check_key)])


@app.post("/variants", status_code=201)
async def create(body: NewVariants, db: Session) -> None:
    db.add_all(VariantPerformance(**variant) for variant in body.variants)
    await db.commit()


@app.post("/variants/select")
async def select_variants(request: SelectRequest, db: Session) -> SelectAnswer:
    variants = (await db.scalars(select(VariantPerformance))).all()
    if request.algorithm == "thompson_sampling":
        chosen = _top(list(variants), request.top_k)
    elif request.algorithm == "thompson_sampling_exploration":
        exploring = int(request.top_k * request.exploration_ratio)
        new = [variant for variant in variants if variant.impressions < request.min_impressions]
        known = [variant for variant in variants if variant.impressions >= request.min_impressions]
        chosen = _top(known, request.top_k - exploring) + _top(new, exploring)
    else:
        raise HTTPException(400, "Invalid algorithm")
    return SelectAnswer(
        selected_variants=[
            VariantView(
                variant_id=variant.variant_id,
                dimensions=variant.dimensions,
                performance=Performance.of(variant.impressions, variant.successes),
            )
            for variant in chosen
        ],
        selection_metadata=request.model_dump(exclude={"top_k"}),
    )


@app.post("/variants/{variant_id}/performance")
async def update_performance(variant_id: str, body: Update, db: Session) -> UpdateAnswer:
    change = (
        update(VariantPerformance)
        .where(VariantPerformance.variant_id == variant_id)
        .values(
            impressions=VariantPerformance.impressions + body.batch_size * body.impression,
            successes=VariantPerformance.successes + body.batch_size * body.success,
        )
        .returning(VariantPerformance.impressions, VariantPerformance.successes)
    )
    totals = (await db.execute(change)).one_or_none()
    if totals is None:
        raise HTTPException(404, f"Variant '{variant_id}' not found")
    await db.commit()
    return UpdateAnswer(variant_id=variant_id, updated_performance=Performance.of(*totals))


def _top(variants: list[VariantPerformance], k: int) -> list[VariantPerformance]:
    """Draw once from each variant's posterior, and return the variants with the k largest draws."""
    successes = np.array([variant.successes for variant in variants], dtype=float)
    impressions = np.array([variant.impressions for variant in variants], dtype=float)
    draws = np.random.default_rng().beta(successes + 1, impressions - successes + 1)
    return [variants[place] for place in np.argsort(-draws)[:k]]


def create_app(settings: Settings) -> FastAPI:
    return app
