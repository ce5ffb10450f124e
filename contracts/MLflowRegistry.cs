using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>An alias of a registered model.</summary>
public sealed record MLflowAlias
{
    /// <summary>The alias.</summary>
    [JsonPropertyName("alias")]
    public required string Alias { get; init; }

    /// <summary>The version that it points at.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }
}

/// <summary>A version of a registered model.</summary>
public sealed record MLflowModelVersion
{
    /// <summary>The model's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The version's number, as a string.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }

    /// <summary>When it was created, in milliseconds since 1970.</summary>
    [JsonPropertyName("creation_timestamp")]
    public required long CreationTimestamp { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    [JsonPropertyName("last_updated_timestamp")]
    public required long LastUpdatedTimestamp { get; init; }

    /// <summary>Who created it.</summary>
    [JsonPropertyName("user_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UserId { get; init; }

    /// <summary>None, Staging, Production or Archived: by the aliases staging, production and archived.</summary>
    [JsonPropertyName("current_stage")]
    public required string CurrentStage { get; init; }

    /// <summary>Its description.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>Where it came from.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary>The run that made it.</summary>
    [JsonPropertyName("run_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunId { get; init; }

    /// <summary>The logged model that it was created from.</summary>
    [JsonPropertyName("model_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelId { get; init; }

    /// <summary>The link to its run that it was created with.</summary>
    [JsonPropertyName("run_link"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunLink { get; init; }

    /// <summary>READY, PENDING_REGISTRATION or FAILED_REGISTRATION.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }

    /// <summary>The aliases that point at it.</summary>
    [JsonPropertyName("aliases"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Aliases { get; init; }
}

/// <summary>A registered model.</summary>
public sealed record MLflowRegisteredModel
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>When it was created, in milliseconds since 1970.</summary>
    [JsonPropertyName("creation_timestamp")]
    public required long CreationTimestamp { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    [JsonPropertyName("last_updated_timestamp")]
    public required long LastUpdatedTimestamp { get; init; }

    /// <summary>Its description.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>The newest version of each stage.</summary>
    [JsonPropertyName("latest_versions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowModelVersion>? LatestVersions { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }

    /// <summary>Its aliases.</summary>
    [JsonPropertyName("aliases"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowAlias>? Aliases { get; init; }
}

/// <summary>What a registered model is created with.</summary>
public sealed record CreateRegisteredModelRequest : RegisteredModelRequest
{
    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }

    /// <summary>Its description.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }
}

/// <summary>A registered model.</summary>
public record RegisteredModelRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }
}

/// <summary>Another name for a registered model.</summary>
public sealed record RenameRegisteredModelRequest : RegisteredModelRequest
{
    /// <summary>The other name.</summary>
    [JsonPropertyName("new_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NewName { get; init; }
}

/// <summary>What to change of a registered model.</summary>
public sealed record UpdateRegisteredModelRequest : RegisteredModelRequest
{
    /// <summary>The new description; absent or empty removes it.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }
}

/// <summary>A search for registered models or versions.</summary>
public sealed record SearchRegistryRequest
{
    /// <summary>The filter.</summary>
    [JsonPropertyName("filter"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Filter { get; init; }

    /// <summary>The most items of the answer.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }

    /// <summary>The order.</summary>
    [JsonPropertyName("order_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? OrderBy { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }
}

/// <summary>The newest versions of stages.</summary>
public sealed record LatestVersionsRequest : RegisteredModelRequest
{
    /// <summary>The stages; absent or empty for all.</summary>
    [JsonPropertyName("stages"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Stages { get; init; }
}

/// <summary>A tag of a registered model.</summary>
public sealed record SetRegisteredModelTagRequest : RegisteredModelRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Its value.</summary>
    [JsonPropertyName("value")]
    public required string Value { get; init; }
}

/// <summary>A tag of a registered model, to be removed.</summary>
public sealed record DeleteRegisteredModelTagRequest : RegisteredModelRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }
}

/// <summary>An alias of a registered model.</summary>
public sealed record RegisteredAliasRequest : RegisteredModelRequest
{
    /// <summary>The alias.</summary>
    [JsonPropertyName("alias")]
    public required string Alias { get; init; }
}

/// <summary>Where an alias is to point.</summary>
public sealed record SetRegisteredAliasRequest : RegisteredModelRequest
{
    /// <summary>The alias.</summary>
    [JsonPropertyName("alias")]
    public required string Alias { get; init; }

    /// <summary>The version's number, as a string.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }
}

/// <summary>What a version is created with.</summary>
public sealed record CreateModelVersionRequest : RegisteredModelRequest
{
    /// <summary>Where its model is: models:/MODEL_ID, runs:/RUN/PATH or mlflow-artifacts:/EXPERIMENT/RUN/artifacts/PATH.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary>The run that made it; absent for the one of the source.</summary>
    [JsonPropertyName("run_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunId { get; init; }

    /// <summary>A link to the run, which is kept as it is: at most 500 characters.</summary>
    [JsonPropertyName("run_link"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunLink { get; init; }

    /// <summary>The logged model that it is; absent for the one of the source.</summary>
    [JsonPropertyName("model_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelId { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }

    /// <summary>Its description.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }
}

/// <summary>A version of a registered model.</summary>
public record ModelVersionRequest : RegisteredModelRequest
{
    /// <summary>The version's number, as a string.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }
}

/// <summary>Asks for a file of a version.</summary>
public sealed record GetModelVersionArtifactRequest : ModelVersionRequest
{
    /// <summary>The file, relative to the version's files.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }
}

/// <summary>What to change of a version.</summary>
public sealed record UpdateModelVersionRequest : ModelVersionRequest
{
    /// <summary>The new description; absent or empty removes it.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }
}

/// <summary>Another stage for a version.</summary>
public sealed record TransitionStageRequest : ModelVersionRequest
{
    /// <summary>None, Staging, Production or Archived, in any case.</summary>
    [JsonPropertyName("stage")]
    public required string Stage { get; init; }

    /// <summary>Whether the version that has the stage now becomes the archived one.</summary>
    [JsonPropertyName("archive_existing_versions")]
    public required bool ArchiveExistingVersions { get; init; }
}

/// <summary>A tag of a version.</summary>
public sealed record SetModelVersionTagRequest : ModelVersionRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Its value.</summary>
    [JsonPropertyName("value")]
    public required string Value { get; init; }
}

/// <summary>A tag of a version, to be removed.</summary>
public sealed record DeleteModelVersionTagRequest : ModelVersionRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }
}

/// <summary>A registered model.</summary>
public sealed record RegisteredModelAnswer
{
    /// <summary>The model.</summary>
    [JsonPropertyName("registered_model")]
    public required MLflowRegisteredModel RegisteredModel { get; init; }
}

/// <summary>A page of registered models.</summary>
public sealed record RegisteredModelsAnswer
{
    /// <summary>The models.</summary>
    [JsonPropertyName("registered_models"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowRegisteredModel>? RegisteredModels { get; init; }

    /// <summary>page_token of the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}

/// <summary>A version.</summary>
public sealed record ModelVersionAnswer
{
    /// <summary>The version.</summary>
    [JsonPropertyName("model_version")]
    public required MLflowModelVersion ModelVersion { get; init; }
}

/// <summary>Versions.</summary>
public sealed record ModelVersionsAnswer
{
    /// <summary>The versions.</summary>
    [JsonPropertyName("model_versions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowModelVersion>? ModelVersions { get; init; }

    /// <summary>page_token of the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}

/// <summary>Where the files of a version are.</summary>
public sealed record ArtifactUriAnswer
{
    /// <summary>The address.</summary>
    [JsonPropertyName("artifact_uri")]
    public required string ArtifactUri { get; init; }
}
