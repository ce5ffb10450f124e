using Larder.Functions.Http;
using Larder.Functions.OpenApi;

namespace Larder.Functions.Datasets;

/// <summary>The form of a job that reads a data set: a file, or the address of one, and options.</summary>
internal static class DatasetForm
{
    /// <summary>The field of the data set.</summary>
    public const string Dataset = "dataset";

    /// <summary>What the form takes.</summary>
    /// <param name="what">What it asks for, in a sentence of a refusal.</param>
    /// <param name="options">The job's options.</param>
    public static FormSpec Spec(string what, JobOptions options) => new(
        what,
        $"JSON that names the data set: {{\"{Dataset}\": \"uploads/file.csv\"}}",
        new FormField(Dataset, "The data set: a file, or the address of one: uploads/path, datasets/model/file or a URL.") { IsFile = true, IsRequired = true, IsText = true, TextBytes = FormField.AddressBytes },
        FormField.Options with { OptionsOf = options });

    /// <summary>The data set that came with a form.</summary>
    public static UploadedFile FileOf(Form form) => form.Require(Dataset, "No data provided with name 'dataset'");
}
