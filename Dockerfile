# Keyward in a container. The first stage has what installing needs; the second has only what running needs.

FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements/base.txt requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt \
    && /venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin keyward \
    && install -d -o keyward -g keyward -m 700 /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py LICENSE ./
COPY dashboard dashboard
COPY tokens tokens
COPY templates templates
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    KEYWARD_DATA_DIR=/data KEYWARD_HOST=0.0.0.0 KEYWARD_PORT=8000
USER keyward
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "manage.py", "ask", "healthz"]
# All in one container; docker-compose.yml runs the parts one by one.
CMD ["python", "manage.py", "run"]
