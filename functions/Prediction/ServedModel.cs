using System.ComponentModel.DataAnnotations;
using Larder.Functions.Access;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Prediction;

/// <summary>The settings <c>Serving:*</c>.</summary>
public sealed record ServingOptions : IValidatableObject
{
    /// <summary>The model of routes that name none, as a reference: <c>name</c>, <c>name:3</c> or <c>name:champion</c>; empty for none.</summary>
    public string Model { get; init; } = "";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Model.Length == 0)
            yield break;
        string? problem = null;
        try
        {
            ModelReference.Parse(Model);
        }
        catch (InvalidRequestException exception)
        {
            problem = exception.Message;
        }

        if (problem is not null)
            yield return new ValidationResult($"must be a reference to a model: name, name:3 or name:champion. {problem}", [nameof(Model)]);
    }
}

/// <summary>The model of routes that name none: those of servers with a single model (MLflow scoring, Azure ML).</summary>
public sealed class ServedModel(ServingOptions options, ModelScopes scopes)
{
    /// <summary>Header that names a deployment of an Azure ML endpoint: here an alias or a version of the model. The answer repeats it.</summary>
    public const string DeploymentHeader = "azureml-model-deployment";

    /// <summary>The reference; null when no model is configured.</summary>
    public string? Reference => options.Model.Length > 0 ? options.Model : null;

    /// <summary>The model of a request.</summary>
    /// <exception cref="NotFoundException">No model is configured, or the header names neither an alias nor a version.</exception>
    /// <exception cref="ForbiddenException">The model is not in the caller's scope.</exception>
    public async ValueTask<string> RequireAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var model = ModelReference.Parse(Reference ?? throw new NotFoundException("No model is configured for this route: the setting Serving:Model names it. POST /api/v1/models/{reference}/invocations is for any model."));
        await scopes.RequireAsync(request.Caller(), model.Name, cancellationToken);
        if (request.Headers[DeploymentHeader] is not [{ Length: > 0 } deployment])
            return Reference;
        try
        {
            var pinned = ModelReference.Parse($"{model.Name}:{deployment}").ToString();
            request.HttpContext.Response.Headers[DeploymentHeader] = deployment;
            return pinned;
        }
        catch (InvalidRequestException exception)
        {
            // What can be no alias is one that does not exist.
            throw new NotFoundException($"{DeploymentHeader}: {exception.Message}");
        }
    }
}
