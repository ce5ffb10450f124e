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

    /// <summary>Whether this process is one of Azure's function apps, by variables that only App Service sets.</summary>
    internal static bool IsAzure => IsSet("WEBSITE_INSTANCE_ID") || IsSet("WEBSITE_SITE_NAME");

    /// <summary>Whether this is Azure. Not a setting; tests set it.</summary>
    internal bool RunsInAzure { get; init; } = IsAzure;

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

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
