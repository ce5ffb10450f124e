using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Compute.Processes;

namespace Larder.Orchestrations.Compute;

/// <summary>Where jobs run.</summary>
public sealed record ComputeOptions : IValidatableObject
{
    /// <summary>Name of <see cref="ProcessCompute"/>.</summary>
    public const string Process = "process";

    /// <summary>Name of <see cref="ContainerInstanceCompute"/>.</summary>
    public const string ContainerInstances = "container-instances";

    /// <summary><see cref="Process"/> or <see cref="ContainerInstances"/>. Empty: container instances in Azure, a process elsewhere.</summary>
    public string Backend { get; init; } = "";

    /// <summary>Whether this is Azure. No setting.</summary>
    internal bool RunsInAzure { get; init; } = AppService.IsHere;

    /// <summary>The backend's name.</summary>
    public string Choose() => Backend.Length > 0 ? Backend : RunsInAzure ? ContainerInstances : Process;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Choose() is not (Process or ContainerInstances))
            yield return new ValidationResult($"The backend of jobs is '{Process}' or '{ContainerInstances}'; got '{Backend}'.", [nameof(Backend)]);
        if (RunsInAzure && Choose() == Process)
        {
            yield return new ValidationResult(
                $"In Azure jobs cannot be processes of the app: their code would have the app's identity. Use '{ContainerInstances}'.", [nameof(Backend)]);
        }
    }
}
