using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;

namespace Larder.Registry.Datasets;

/// <summary>
/// A data set that was uploaded in blocks: a name for an artifact. Uploading under the same name again gives the name other bytes; jobs that were accepted
/// before keep theirs, since they name the artifact.
/// </summary>
public sealed record Dataset
{
    /// <summary>What addresses of data sets begin with.</summary>
    public const string Prefix = "datasets/";

    // In UTF-8, as in file systems; three times that, escaped, and a model's name fit into a document's key.
    private const int MaxNameBytes = 255;

    /// <summary>The model that it was uploaded for. Jobs of others may use it too.</summary>
    public required ModelName Model { get; init; }

    /// <summary>What its client calls it.</summary>
    public required string FileName { get; init; }

    /// <summary>SHA-256 of its bytes.</summary>
    public required string Sha256 { get; init; }

    /// <summary>How many these are.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The job that took it in.</summary>
    public required string Job { get; init; }

    /// <summary>Who uploaded it.</summary>
    public string? Owner { get; init; }

    /// <summary>When it was taken in.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The address of a data set: <c>datasets/iris/today.csv</c>.</summary>
    public static string AddressOf(string model, string fileName) => $"{Prefix}{model}/{fileName}";

    /// <summary>Refuses what cannot be a data set's name: it is a part of a path, and says what the file is.</summary>
    /// <exception cref="InvalidRequestException">It cannot.</exception>
    public static void ValidateName(string? fileName)
    {
        if (fileName is null || !JobFilePath.IsValid(fileName) || fileName.Contains('/') || Encoding.UTF8.GetByteCount(fileName) > MaxNameBytes)
            throw new InvalidRequestException($"A data set needs a file_name, such as today.csv: at most {MaxNameBytes} bytes of UTF-8, without control characters, and with no dot at its end.");
    }

    /// <summary>The model and the file name of an address.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static (ModelName Model, string FileName) Parse(string address)
    {
        if (!address.StartsWith(Prefix, StringComparison.Ordinal) || address.Split('/') is not [_, var model, var fileName])
            throw new InvalidRequestException($"The address of an uploaded data set is {AddressOf("{model}", "{file_name}")}.");
        var name = ModelName.Parse(model);
        ValidateName(fileName);
        return (name, fileName);
    }
}
