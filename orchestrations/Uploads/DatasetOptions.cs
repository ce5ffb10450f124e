using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Options;

namespace Larder.Orchestrations.Uploads;

/// <summary>What completes the upload of a data set: the hash of what was uploaded.</summary>
public sealed record DatasetOptions
{
    /// <summary>What is published, and what requests are read with.</summary>
    public static OptionSchema<DatasetOptions> Schema { get; } = new();

    /// <summary>The upload.</summary>
    [Description("Id of the upload. The path has it; it need not be repeated."), RegularExpression("^[0-9a-z]{16}$")]
    public string? Upload { get; init; }

    /// <summary>SHA-256 of all bytes.</summary>
    [Description("SHA-256 of the whole file, in hexadecimal digits."), RegularExpression("^[0-9A-Fa-f]{64}$")]
    public required string Sha256 { get; init; }

    /// <summary>How many bytes there are.</summary>
    [Description("Bytes of the whole file, when they are to be checked too."), Range(1, long.MaxValue)]
    public long? SizeBytes { get; init; }
}
