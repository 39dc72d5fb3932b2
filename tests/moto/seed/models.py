"""Machine learning and media."""

from world import seed


@seed
def bedrock(world):
    client = world("bedrock")
    client.create_model_customization_job(
        jobName="seed",
        customModelName="seed",
        roleArn=world.role(),
        baseModelIdentifier="amazon.titan-text-lite-v1",
        trainingDataConfig={"s3Uri": f"s3://{world.bucket()}/train"},
        outputDataConfig={"s3Uri": f"s3://{world.bucket()}/out"},
        hyperParameters={"learningRate": "0.1"},
    )
    world.own("bedrock", client.list_custom_models()["modelSummaries"][0]["modelArn"])


@seed
def bedrock_agent(world):
    made = world("bedrock-agent").create_agent(
        agentName="seed", agentResourceRoleArn=world.role()
    )
    world.own("bedrock-agent", made["agent"]["agentId"])


@seed
def sagemaker(world):
    client = world("sagemaker")
    client.create_model(
        ModelName="seed", ExecutionRoleArn=world.role(), PrimaryContainer={"Image": "seed"}
    )
    client.create_notebook_instance(
        NotebookInstanceName="seed-notebook", InstanceType="ml.t2.medium", RoleArn=world.role()
    )
    world.own("sagemaker", "seed", "seed-notebook")


@seed
def comprehend(world):
    made = world("comprehend").create_entity_recognizer(
        RecognizerName="seed",
        LanguageCode="en",
        DataAccessRoleArn=world.role(),
        InputDataConfig={
            "DataFormat": "COMPREHEND_CSV",
            "EntityTypes": [{"Type": "SEED"}],
            "Documents": {"S3Uri": f"s3://{world.bucket()}/docs"},
            "EntityList": {"S3Uri": f"s3://{world.bucket()}/list"},
        },
    )
    world.own("comprehend", made["EntityRecognizerArn"])


@seed
def lexv2(world):
    made = world("lexv2-models").create_bot(
        botName="seed",
        roleArn=world.role(),
        dataPrivacy={"childDirected": False},
        idleSessionTTLInSeconds=60,
    )
    world.own("lexv2", made["botId"])


@seed
def polly(world):
    content = """<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa"
    xml:lang="en-US"><lexeme><grapheme>seed</grapheme><alias>seeds</alias></lexeme></lexicon>"""
    world("polly").put_lexicon(Name="seed", Content=content)
    world.own("polly", "seed")


@seed
def transcribe(world):
    client = world("transcribe")
    client.start_transcription_job(
        TranscriptionJobName="seed",
        LanguageCode="en-US",
        Media={"MediaFileUri": f"s3://{world.bucket()}/seed.wav"},
    )
    client.create_vocabulary(
        VocabularyName="seed-words", LanguageCode="en-US", Phrases=["seed"]
    )
    world.own("transcribe", "seed", "seed-words")


@seed
def forecast(world):
    made = world("forecast").create_dataset_group(DatasetGroupName="seed", Domain="RETAIL")
    world.own("forecast", made["DatasetGroupArn"])


@seed
def ivs(world):
    world.own("ivs", world("ivs").create_channel(name="seed")["channel"]["arn"])


@seed
def mediaconnect(world):
    made = world("mediaconnect").create_flow(Name="seed", Source={"Name": "seed"})
    world.own("mediaconnect", made["Flow"]["FlowArn"])


@seed
def medialive(world):
    made = world("medialive").create_channel(Name="seed", RoleArn=world.role())
    world.own("medialive", made["Channel"]["Arn"])


@seed
def mediapackage(world):
    client = world("mediapackage")
    client.create_channel(Id="seed")
    made = client.create_origin_endpoint(ChannelId="seed", Id="seed-origin")
    world.own("mediapackage", made["Arn"])


@seed
def mediapackagev2(world):
    made = world("mediapackagev2").create_channel_group(ChannelGroupName="seed")
    world.own("mediapackagev2", made["Arn"])


@seed
def connectcampaigns(world):
    made = world("connectcampaigns").create_campaign(
        name="seed",
        connectInstanceId="seed",
        dialerConfig={"progressiveDialerConfig": {"bandwidthAllocation": 1.0}},
        outboundCallConfig={
            "connectContactFlowId": "seed",
            "answerMachineDetectionConfig": {"enableAnswerMachineDetection": False},
        },
    )
    world.own("connectcampaigns", made["arn"])
