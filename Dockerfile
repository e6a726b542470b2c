# The book in a container, without its data and runs:   docker build -t deepfeatures .   (about 7 GB)
#   docker run --rm -v deepfeatures-runs:/home/reader/book/runs deepfeatures                  the whole book
#   docker run --rm -v deepfeatures-runs:/home/reader/book/runs deepfeatures run mu-lenet     any other command
FROM python:3.12-slim-bookworm
RUN useradd --create-home reader && install -d -o reader /home/reader/book /home/reader/book/runs
WORKDIR /home/reader/book
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN pip install --quiet --require-hashes -r requirements.lock
COPY --chown=reader . .
RUN pip install --quiet --no-deps --no-build-isolation --editable .
USER reader
VOLUME /home/reader/book/runs
ENTRYPOINT ["deepfeatures"]
CMD ["book"]
