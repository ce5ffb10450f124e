using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.OpenInference;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.TensorFlowServing;

/// <summary>Status and metadata of models, in TensorFlow Serving's REST API and in KServe V1.</summary>
public sealed class ModelStatus(OpenModels models, ModelCatalog catalog)
{
    private const string Signature = "serving_default";
    private const string Method = "tensorflow/serving/predict";

    /// <summary>Names of all models.</summary>
    [Function("ModelNamesV1"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Names of all models, in KServe V1.")]
    [Answers(typeof(ModelNamesAnswer))]
    public async Task<IActionResult> Names([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models")] HttpRequest request, CancellationToken cancellationToken) =>
        new PlainAnswer(await models.NamesAsync(request.Caller(), cancellationToken));

    /// <summary>All versions of a model, and whether it can be served.</summary>
    [Function("ModelStatusV1"), Requires(Role.Reader), Description("Status of a model, in TensorFlow Serving's REST API and KServe V1.")]
    [Answers(typeof(ModelStatusAnswer))]
    public async Task<IActionResult> Status(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models/{model}")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        return Answer(name, await models.AllVersionsAsync(name, cancellationToken));
    }

    /// <summary>One version, given by its number.</summary>
    [Function("VersionStatusV1"), Requires(Role.Reader), Description("Status of a version, in TensorFlow Serving's REST API.")]
    [Answers(typeof(ModelStatusAnswer))]
    public Task<IActionResult> VersionStatus(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models/{model}/versions/{version}")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        StatusAsync(ServingReference.OfVersion(model, version), cancellationToken);

    /// <summary>One version, given by a label, which is an alias.</summary>
    [Function("LabelStatusV1"), Requires(Role.Reader), Description("Status of the version of an alias, in TensorFlow Serving's REST API.")]
    [Answers(typeof(ModelStatusAnswer))]
    public Task<IActionResult> LabelStatus(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models/{model}/labels/{label}")] HttpRequest request, string model, string label, CancellationToken cancellationToken) =>
        StatusAsync(ServingReference.OfLabel(model, label), cancellationToken);

    /// <summary>Inputs and outputs of the version that requests without a version get.</summary>
    [Function("ModelSignatureV1"), Requires(Role.Reader), Description("Metadata of a model, in TensorFlow Serving's REST API.")]
    [Answers(typeof(ServingMetadataAnswer))]
    public Task<IActionResult> Metadata(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models/{model}/metadata")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        MetadataAsync(ServingReference.Of(model), cancellationToken);

    /// <summary>Inputs and outputs of a version, given by its number.</summary>
    [Function("VersionSignatureV1"), Requires(Role.Reader), Description("Metadata of a version, in TensorFlow Serving's REST API.")]
    [Answers(typeof(ServingMetadataAnswer))]
    public Task<IActionResult> VersionMetadata(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models/{model}/versions/{version}/metadata")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        MetadataAsync(ServingReference.OfVersion(model, version), cancellationToken);

    /// <summary>Inputs and outputs of a version, given by a label, which is an alias.</summary>
    [Function("LabelSignatureV1"), Requires(Role.Reader), Description("Metadata of the version of an alias, in TensorFlow Serving's REST API.")]
    [Answers(typeof(ServingMetadataAnswer))]
    public Task<IActionResult> LabelMetadata(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1/models/{model}/labels/{label}/metadata")] HttpRequest request, string model, string label, CancellationToken cancellationToken) =>
        MetadataAsync(ServingReference.OfLabel(model, label), cancellationToken);

    private async Task<IActionResult> StatusAsync(string reference, CancellationToken cancellationToken)
    {
        var model = await catalog.ResolveAsync(reference, cancellationToken);
        return Answer(model.Model.Name, [model.Version]);
    }

    private static PlainAnswer Answer(ModelName name, IReadOnlyList<ModelVersion> versions) => new(new ModelStatusAnswer
    {
        Versions = [.. versions.Select(version => new VersionStatus($"{version.Version}", StateOf(version), StatusOf(version)))],
        Name = name,
        Ready = versions.Any(version => version is { Status: ModelVersionStatus.Ready, IsServable: true }),
    });

    private static string StateOf(ModelVersion version) => version switch
    {
        { Status: ModelVersionStatus.Ready, IsServable: true } => "AVAILABLE",
        { Status: ModelVersionStatus.Pending } => "LOADING",
        _ => "END",
    };

    private static ServingStatus StatusOf(ModelVersion version) =>
        version.Status == ModelVersionStatus.Failed ? new("UNKNOWN", "The version failed, and will not be served.")
        : version.IsServable ? new("OK", "")
        : new("UNIMPLEMENTED", "The version is a model of another framework, which takes no predictions here.");

    private async Task<IActionResult> MetadataAsync(string reference, CancellationToken cancellationToken)
    {
        var model = await catalog.ResolveAsync(reference, cancellationToken);
        var signature = model.Version.Onnx.Signature;
        var definition = new SignatureDefinition(
            signature.Inputs.ToDictionary(input => input.Name, input => TensorOf(input.Name, input.Datatype!.Value, input.Shape!)),
            TensorSignature.Of(signature).ToDictionary(output => output.Name, output => TensorOf(output.Name, output.Datatype, output.Shape)),
            Method);
        return new PlainAnswer(new ServingMetadataAnswer(
            new ModelSpec(model.Model.Name, SignatureName: "", $"{model.Version.Version}"),
            new ServingMetadata(new SignatureDefinitions(new Dictionary<string, SignatureDefinition> { [Signature] = definition }))));
    }

    private static TensorDefinition TensorOf(string name, Datatype datatype, IReadOnlyList<long> shape) =>
        new(TypeOf(datatype), new TensorShapeDefinition([.. shape.Select(length => new DimensionDefinition($"{length}", Name: ""))], UnknownRank: false), name);

    private static string TypeOf(Datatype datatype) => datatype switch
    {
        Datatype.Fp16 => "DT_HALF",
        Datatype.Bf16 => "DT_BFLOAT16",
        Datatype.Fp32 => "DT_FLOAT",
        Datatype.Fp64 => "DT_DOUBLE",
        Datatype.Bytes => "DT_STRING",
        _ => $"DT_{datatype.Name()}",
    };
}
