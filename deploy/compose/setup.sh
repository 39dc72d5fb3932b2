#!/bin/sh
# Makes what docker-compose.yml needs and git must not hold: passwords and settings in .env; a certificate for localhost
# and the file of connections in deploy/compose/local.
#
#   deploy/compose/setup.sh [rehearsal] [observe]
#
# The words become the profiles of .env. What is there already is never overwritten: the passwords are those that the
# volumes were made with. To begin anew: docker compose down --volumes, remove .env and deploy/compose/local.
set -eu
umask 077
cd "$(dirname "$0")/../.."

if [ -e .env ]; then
    echo ".env is there already; it is left as it is" >&2
    exit 1
fi
for profile in "$@"; do
    case $profile in
        rehearsal | observe) ;;
        *)
            echo "there is no profile $profile: rehearsal or observe" >&2
            exit 2
            ;;
    esac
done

here=deploy/compose
mkdir -p "$here/local"
# The containers read these as nobody, through mounts of single files; the folder itself is ours alone.
if [ ! -e "$here/local/key.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -subj "/CN=localhost" \
        -addext "subjectAltName=DNS:localhost,DNS:coordinator,IP:127.0.0.1" \
        -keyout "$here/local/key.pem" -out "$here/local/cert.pem" 2>/dev/null
    chmod 644 "$here/local/key.pem" "$here/local/cert.pem"
fi

connections="$here/connections.example.toml"
{
    echo "# Made by deploy/compose/setup.sh; docker compose reads it."
    echo "COMPOSE_PROFILES=$(echo "$*" | tr ' ' ',')"
    for name in POSTGRES RABBITMQ REDIS GRAFANA; do
        echo "${name}_PASSWORD=$(openssl rand -hex 24)"
    done
    for profile in "$@"; do
        case $profile in
            rehearsal)
                connections="$here/connections.rehearsal.toml"
                echo "AWS_ENDPOINT_URL=http://stand-in:8081"
                echo "AWS_REGION=us-east-1"
                # The stand-in's own, made from its seed; good nowhere else.
                echo "AWS_ACCESS_KEY_ID=AKIAWG65R5FKIJMZPE2J"
                echo "AWS_SECRET_ACCESS_KEY=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"
                ;;
            observe) echo "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318" ;;
        esac
    done
} > .env
if [ ! -e "$here/local/connections.toml" ]; then
    cp "$connections" "$here/local/connections.toml"
    chmod 644 "$here/local/connections.toml"
fi
echo "made .env and $here/local; look at $here/local/connections.toml before the fleet starts" >&2
