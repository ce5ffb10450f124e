using System.Text.Json;

namespace Larder.Dashboard.Parts;

/// <summary>The form that submits a job of a type.</summary>
/// <param name="Title">What it does, as the title of its page and the text of links to it.</param>
/// <param name="Description">What such a job does, in a sentence.</param>
/// <param name="Button">What the button says.</param>
/// <param name="Options">The JSON Schema of the job's options.</param>
/// <param name="Fields">The fields before the options.</param>
public sealed record SubmitForm(string Title, string Description, string Button, JsonElement Options, params IReadOnlyList<SubmitField> Fields);

/// <summary>A field of such a form.</summary>
/// <param name="Name">Its name in the form.</param>
/// <param name="Label">Its label.</param>
/// <param name="Help">What belongs there.</param>
public sealed record SubmitField(string Name, string Label, string Help)
{
    /// <summary>Whether it is a file.</summary>
    public bool IsFile { get; init; }

    /// <summary>Whether the form must have it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>An example of a text.</summary>
    public string? Example { get; init; }
}
